/* Colours of the theme for what draws by itself (charts).
   Listen to `veilleur:look` on document and draw again when the reader changes the theme. */

const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);

/* The colour of a token in the present theme: colour("accent") → "rgb(15, 94, 99)". */
export function colour(token) {
  probe.style.color = `var(--${token})`;
  return getComputedStyle(probe).color;
}
