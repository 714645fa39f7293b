import { useEffect, useState } from "preact/hooks";

const key = "supercluster console theme";
const themes = ["auto", "light", "dark"] as const;
type Theme = (typeof themes)[number];

const stored = (): Theme => themes.find((one) => one === localStorage.getItem(key)) ?? "auto";

const icons: Record<Theme, string> = { auto: "◐", light: "☀", dark: "☾" };

/** The system's own by default. */
export function ThemeButton() {
  const [theme, setTheme] = useState(stored);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem(key, theme);
  }, [theme]);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length]!;
  return (
    <button class="quiet" title={`Colours: ${theme}. Switch to ${next}`} onClick={() => setTheme(next)}>
      <span aria-hidden="true">{icons[theme]}</span>
      <span class="unseen">Colours: {theme}</span>
    </button>
  );
}
