// What this browser remembers: language and colours. A browser that keeps nothing gets the defaults each time.
export type Language = "en" | "de";
export type Colours = "auto" | "light" | "dark";

function kept(name: string): string | null {
  try {
    return localStorage.getItem("hutschiene." + name);
  } catch {
    return null;
  }
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem("hutschiene." + name, value);
  } catch {
    // a private window: it holds until the page is closed
  }
}

export const language: Language = ((): Language => {
  const wanted = kept("language");
  if (wanted === "en" || wanted === "de") return wanted;
  return navigator.language.toLowerCase().startsWith("de") ? "de" : "en";
})();

export function colours(): Colours {
  const wanted = kept("colours");
  return wanted === "light" || wanted === "dark" ? wanted : "auto";
}

const system = matchMedia("(prefers-color-scheme: dark)");

/** Puts the colours on the page; `changed` is called when they change later. */
export function paint(changed: () => void): void {
  const put = (): void => {
    const chosen = colours();
    const theme = chosen === "auto" ? (system.matches ? "dark" : "light") : chosen;
    if (document.documentElement.dataset["theme"] !== theme) {
      document.documentElement.dataset["theme"] = theme;
      changed();
    }
  };
  system.addEventListener("change", put);
  document.addEventListener("colours", put);
  put();
}

export function choose(wanted: Colours): void {
  keep("colours", wanted);
  document.dispatchEvent(new Event("colours"));
}
