import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // kernel tests mostly wait: for a process to start, for a packet, for the kernel to tidy up
    maxWorkers: 4,
  },
})
