import { defineConfig } from 'vite';

export default defineConfig({
  base: '/vite/',
  build: {
    outDir: 'served/vite',

    rolldownOptions: { input: ['index.html', 'hashed.html'] },
  },
});
