/**
 * Loaded into the real nsnet by `node --import`: counts the boundaries of what it does to the world, and ends it with
 * SIGKILL at the one with the number `NSNET_KILL_AT`. Every boundary is written to the file `NSNET_BOUNDARIES`.
 *
 * A boundary stands where the journal or the kernel is about to change, is half changed, or has changed: around and
 * inside each write of a journal, and around and inside each command. Commands that only look are left out unless
 * `NSNET_EVERY_COMMAND` is set: between two changes all moments leave the same behind.
 */
import childProcess from 'node:child_process'
import { appendFileSync, writeSync } from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const { NSNET_KILL_AT, NSNET_BOUNDARIES, NSNET_EVERY_COMMAND } = process.env

let count = 0
function boundary(what) {
  count += 1
  if (NSNET_BOUNDARIES) appendFileSync(NSNET_BOUNDARIES, `${what}\n`)
  if (count === Number(NSNET_KILL_AT)) process.kill(process.pid, 'SIGKILL')
}

const { open } = files
files.open = async (path, ...how) => {
  const file = await open(path, ...how)
  return String(path).endsWith('.jsonl') ? watched(file) : file
}

function watched(file) {
  const { appendFile, datasync } = file
  file.appendFile = async (line) => {
    const event = JSON.parse(line).event.type
    boundary(`before ${event} is written`)
    const next = count + 1
    if (next === Number(NSNET_KILL_AT)) writeSync(file.fd, line.slice(0, line.length / 2))
    boundary(`${event} is half written`)
    await appendFile.call(file, line)
    boundary(`${event} is written, not yet on disk`)
  }
  file.datasync = async () => {
    await datasync.call(file)
    boundary('the journal is on disk')
  }
  return file
}

const { spawn } = childProcess
childProcess.spawn = (program, args, ...options) => {
  const line = args.join(' ').replace(/^--pdeathsig KILL -- /, '')
  const counts = NSNET_EVERY_COMMAND || changes(line)
  if (counts) boundary(`before ${line}`)
  const child = spawn(program, args, ...options)
  if (counts) boundary(`inside ${line}`)
  if (counts) child.prependListener('exit', () => boundary(`after ${line}`))
  return child
}

const changes = (line) =>
  /^ip .*\b(add|set|delete|replace|del)\b|^(ip netns exec \S+ )?(ip6?tables\S* -w|sysctl .*-w|nft -f)/.test(line)

syncBuiltinESMExports()
