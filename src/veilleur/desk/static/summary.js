/* Draws the charts of the summary. The page already holds the same figures as tables: without this
   script nothing is lost. Words and numbers come from the page; nothing here is in a language. */

import { colour } from "./colours.js";

const language = document.documentElement.lang;
const locale = language.startsWith("fr") ? "FR" : "EN";
const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
const still = matchMedia("(prefers-reduced-motion: reduce)");

function series(data) {
  const bars = data.kind === "bar";
  return data.series.map((line) => ({
    name: line.name,
    type: data.kind,
    stack: bars ? "all" : undefined,
    data: line.values,
    itemStyle: { color: colour(line.colour) },
    lineStyle: { color: colour(line.colour), width: 2 },
    symbolSize: 8,
    connectNulls: false,
  }));
}

function axis(more) {
  return {
    axisLabel: { color: colour("ink-soft") },
    axisLine: { lineStyle: { color: colour("line-strong") } },
    splitLine: { lineStyle: { color: colour("line") } },
    ...more,
  };
}

function option(data) {
  const several = data.series.length > 1;
  return {
    animation: !still.matches,
    aria: { enabled: true, decal: { show: several } },
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      backgroundColor: colour("surface"),
      borderColor: colour("line-strong"),
      textStyle: { color: colour("ink") },
      valueFormatter: (value) => (value == null ? "–" : numbers.format(value)),
    },
    legend: several ? { bottom: 0, type: "scroll", textStyle: { color: colour("ink") } } : undefined,
    grid: { left: 8, right: 16, top: 16, bottom: several ? 48 : 8, containLabel: true },
    xAxis: axis({ type: "category", data: data.names }),
    yAxis: data.kind === "line" ? axis({ type: "value", min: 1, max: 5 }) : axis({ type: "value", minInterval: 1 }),
    series: series(data),
  };
}

function draw(place) {
  const data = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const chart = window.echarts.init(place, null, { locale });
  chart.setOption(option(data));
  chart.on("click", (event) => location.assign(data.hrefs[event.dataIndex]));
  new ResizeObserver(() => chart.resize()).observe(place);
  return () => chart.setOption(option(data), true);
}

const redraws = [...document.querySelectorAll("[data-chart]")].map(draw);
const redraw = () => redraws.forEach((again) => again());
document.addEventListener("veilleur:look", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
