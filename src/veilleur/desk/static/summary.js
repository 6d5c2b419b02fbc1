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

function axis(more, label) {
  return {
    axisLabel: { color: colour("ink-soft"), ...label },
    axisLine: { lineStyle: { color: colour("line-strong") } },
    splitLine: { lineStyle: { color: colour("line") } },
    ...more,
  };
}

function option(data, description) {
  const several = data.series.length > 1;
  return {
    animation: !still.matches,
    // Patterns as well as colours; the description is ours, because the table says the rest better.
    aria: { enabled: true, label: { description }, decal: { show: several } },
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
    yAxis: axis(
      data.kind === "line" ? { type: "value", min: 1, max: 5 } : { type: "value", minInterval: 1 },
      { formatter: (value) => numbers.format(value) },
    ),
    series: series(data),
  };
}

function draw(place) {
  const data = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const chart = window.echarts.init(place, null, { locale });
  const description = place.getAttribute("aria-label");
  chart.setOption(option(data, description));
  chart.on("click", (event) => {
    const href = data.hrefs[event.dataIndex];
    if (href) location.assign(href);
  });
  new ResizeObserver(() => chart.resize()).observe(place);
  return () => chart.setOption(option(data, description), true);
}

const redraws = [...document.querySelectorAll("[data-chart]")].map(draw);
const redraw = () => redraws.forEach((again) => again());
document.addEventListener("veilleur:look", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
