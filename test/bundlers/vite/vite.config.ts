import { defineConfig } from 'vite';

export default defineConfig({
  base: '/vite/',
  build: {
    outDir: 'served/vite',
    target: 'es2022',
    rolldownOptions: { input: ['index.html', 'hashed.html'] },
  },
});
