import { Worker } from 'node:worker_threads'
import { pluginInvalid } from './plugin-shape.ts'
import { PLUGIN_LIMIT_MS, timeLimit, tooLong } from './time-limit.ts'

/**
 * Watches over the loading of a plugin's file, whose code runs meanwhile.
 *
 * What waits for ever, or ends the process, is told of in time. A loop without end nobody can stop from here: another thread says
 * so and kills nsnet with SIGKILL, which a journaled run outlives.
 *
 * @throws PLUGIN_INVALID when it takes longer than 10 s, or `NSNET_TIMEOUT`
 */
export async function watchedImport<T>(path: string, load: () => Promise<T>): Promise<T> {
  const ms = timeLimit(PLUGIN_LIMIT_MS)
  const message = `${path}: loading the plugin ${tooLong(ms)}`
  const hint = 'with that file moved away, what it has made is still taken back: nsnet undo RUN'
  const watch = new Worker(watchman, {
    eval: true,
    workerData: { ms: ms + 500, text: `nsnet: ${message}\n  ${hint}\n` },
  })
  watch.unref()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(pluginInvalid(message, hint)), ms)
  })
  const onExit = (): void => {
    process.exitCode = 1
    process.stderr.write(`nsnet: ${path}: the plugin ended nsnet while it was loaded: it calls process.exit()\n`)
  }
  process.once('exit', onExit)
  try {
    return await Promise.race([load(), late])
  } finally {
    clearTimeout(timer)
    process.off('exit', onExit)
    await watch.terminate()
  }
}

/** What the other thread does. */
const watchman = `
const { workerData: { ms, text } } = require('node:worker_threads')
setTimeout(() => {
  try { require('node:fs').writeSync(2, text) } finally { process.kill(process.pid, 'SIGKILL') }
}, ms)
`
