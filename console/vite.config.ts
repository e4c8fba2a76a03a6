import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import vue from "@vitejs/plugin-vue";
import { defineConfig, type Plugin } from "vite";

const SMALLEST = 1024; // bytes: below that, headers outweigh what is saved
const TEXT = /\.(js|css|html|svg|json)$/;
const br = (text: Buffer) => promisify(brotliCompress)(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
const gz = (text: Buffer) => promisify(gzip)(text, { level: 9 });

/** Writes name.br and name.gz beside each text file, once and as small as can be; api/console.py sends them. */
const precompress: Plugin = {
  name: "precompress",
  apply: "build",
  async writeBundle({ dir }, bundle) {
    const files = Object.values(bundle).filter((file) => TEXT.test(file.fileName));
    await Promise.all(
      files.map(async (file) => {
        const text = Buffer.from(file.type === "chunk" ? file.code : file.source);
        if (text.length < SMALLEST) return;
        const path = join(dir!, file.fileName);
        await Promise.all([writeFile(`${path}.br`, await br(text)), writeFile(`${path}.gz`, await gz(text))]);
      }),
    );
  },
};

export default defineConfig({
  plugins: [vue({ template: { compilerOptions: { whitespace: "preserve" } } }), precompress],
  build: { outDir: "../api/static", emptyOutDir: true, chunkSizeWarningLimit: 900 },
  // What no page uses is left out of the libraries: Vue's options API, vue-i18n's old API, the developer tools' hooks.
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: false,
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
});
