import { Worker } from 'node:worker_threads'
import { pluginInvalid } from './plugin-shape.ts'
import { inTime, PLUGIN_LIMIT_MS, timeLimit, tooLong } from './time-limit.ts'

/**
 * Watches over the loading of a plugin's file, whose code runs meanwhile.
 *
 * What waits for ever, or ends the process, is told of in time. A loop without end nobody can stop from here: another thread says
 * so and kills nsnet with SIGKILL, which a journaled run outlives. It watches for as long as the plugin may still begin to loop,
 * also when it was refused by then.
 *
 * @throws PLUGIN_INVALID when it takes longer than 10 s, or `NSNET_TIMEOUT`
 */
export async function watchedImport<T>(path: string, load: () => Promise<T>): Promise<T> {
  const ms = timeLimit(PLUGIN_LIMIT_MS)
  const message = `${path}: loading the plugin ${tooLong(ms)}`
  const hint = 'with that file moved away, what it has made is still taken back: nsnet undo RUN'
  const end = watchForLoops(ms + 500, `nsnet: ${message}\n  ${hint}\n`)
  const onExit = (): void => {
    process.exitCode = 1
    process.stderr.write(`nsnet: ${path}: the plugin ended nsnet while it was loaded: it calls process.exit()\n`)
  }
  process.once('exit', onExit)
  try {
    return await inTime(ms, load().finally(end), () => pluginInvalid(message, hint))
  } finally {
    process.off('exit', onExit)
  }
}

/** How often this thread says that it does not loop, in milliseconds. */
const BEAT_MS = 100

/** Begins to watch: kills nsnet with some words when this thread is busy for longer than `ms`. Gives what ends that. */
function watchForLoops(ms: number, text: string): () => Promise<void> {
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const watch = new Worker(watchman, { eval: true, workerData: { ms, text, beats, every: BEAT_MS } })
  const heart = setInterval(() => Atomics.add(beats, 0, 1), BEAT_MS)
  watch.unref()
  heart.unref()
  return async () => {
    clearInterval(heart)
    await watch.terminate()
  }
}

/** What the other thread does. */
const watchman = `
const { workerData: { ms, text, beats, every } } = require('node:worker_threads')
let [seen, since] = [0, performance.now()]
setInterval(() => {
  const now = Atomics.load(beats, 0)
  if (now !== seen) [seen, since] = [now, performance.now()]
  if (performance.now() - since < ms) return
  try { require('node:fs').writeSync(2, text) } finally { process.kill(process.pid, 'SIGKILL') }
}, every)
`
