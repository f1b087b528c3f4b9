// A classic script in the head: the colours are chosen before anything is painted.
"use strict";
{
  const chosen = localStorage.getItem("callscribe.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
