import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Each worker is a process, by which Proofmark tells them apart. Threads all belong to one.
    pool: 'forks',
    maxWorkers: 2,
  },
});
