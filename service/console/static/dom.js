// The only way things get into the page: elements and text, never markup.

/** Make an element. Properties that start with "on" are listeners; null and false are left out. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, value);
  }
  add(element, children);
  return element;
}

/** Add children: elements, texts, lists of them; null and false are left out. */
export function add(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    parent.append(child);
  }
}

/** Put children in the place of what is there. */
export function fill(parent, ...children) {
  parent.replaceChildren();
  add(parent, children);
}

/** Set a text only if it is another one: equal texts must not wake a screen reader. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Tell people who cannot see that something happened. */
export function tell(text) {
  const told = document.getElementById("told");
  told.textContent = "";
  requestAnimationFrame(() => { told.textContent = text; });
}

/** Gather calls of one frame into one. */
export function oncePerFrame(action) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; action(); });
  };
}
