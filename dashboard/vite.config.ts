import { defineConfig } from "vite";

// Flat files under lasting names: the page's server knows nothing else.
export default defineConfig({
  base: "./",
  publicDir: "public",
  server: { proxy: { "/events": "http://127.0.0.1:8080", "/api": "http://127.0.0.1:8080" } },
  build: {
    outDir: "../deploy/page",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: { entryFileNames: "app.js", chunkFileNames: "[name].js", assetFileNames: "[name][extname]" },
    },
  },
});
