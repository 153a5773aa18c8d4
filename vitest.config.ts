import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // read at each of thousands of starts of Node where it is set, and no test leaves the machine
    env: { NODE_EXTRA_CA_CERTS: '' },
    // against tests that hang, not those of a loaded machine
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // kernel tests mostly wait: for a process to start, for a packet, for the kernel to tidy up
    maxWorkers: 4,
  },
})
