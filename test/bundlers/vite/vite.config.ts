import { defineConfig } from 'vite';

export default defineConfig({
  base: '/pages/vite/',
  build: { rolldownOptions: { input: ['index.html', 'hashed.html'] }, chunkSizeWarningLimit: 2000 },
});
