// Light, dark, or as the system is.

const KEPT = "callscribe.theme";
const ORDER = ["system", "light", "dark"];
const NAMES = { system: "as the system", light: "light", dark: "dark" };

function chosen() {
  return document.documentElement.dataset.theme ?? "system";
}

export function bindTheme(button) {
  const show = () => {
    button.dataset.theme = chosen();
    button.setAttribute("aria-label", `Colours: ${NAMES[chosen()]}`);
    button.title = `Colours: ${NAMES[chosen()]}`;
  };
  button.addEventListener("click", () => {
    const next = ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length];
    if (next === "system") {
      delete document.documentElement.dataset.theme;
      localStorage.removeItem(KEPT);
    } else {
      document.documentElement.dataset.theme = next;
      localStorage.setItem(KEPT, next);
    }
    show();
  });
  show();
}
