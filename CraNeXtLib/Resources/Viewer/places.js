// Lines of the report's tables that name a place: a click or a button goes there in the scene.

export function linkPlaces(viewer) {
  for (const row of document.querySelectorAll("tr[data-place]")) {
    const place = row.dataset.place.split(" ").map(Number);
    const name = row.cells[0].textContent;
    const go = () => {
      viewer.goTo(place, row.dataset.map, name);
      viewer.element.scrollIntoView({ block: "start" });
    };
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: "show in 3D", className: "go" });
    button.setAttribute("aria-label", `Show in 3D: ${name}`);
    row.cells[1].append(" ", button);
    row.addEventListener("click", go);
  }
}
