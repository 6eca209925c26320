// A panel that comes as HTML: each [data-part] inside is morphed into what its partial draws now.

document.addEventListener("pulse:panel", ({ target, detail: { panel } }) => {
  for (const [name, html] of Object.entries(panel.parts ?? {})) {
    const place = target.querySelector(`[data-part="${name}"]`);
    if (place) Idiomorph.morph(place, html, { morphStyle: "innerHTML" });
  }
});
