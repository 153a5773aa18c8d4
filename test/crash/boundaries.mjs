/**
 * Loaded into the real nsnet by `node --import`: counts the boundaries of what it does to the world, and ends it with
 * SIGKILL at the one with the number `NSNET_KILL_AT`. With `NSNET_BOUNDARIES` each is written to that file.
 *
 * A boundary stands where the journal or the kernel has just changed, or is half changed: inside and after each write of a
 * journal, inside and after each command. With `NSNET_EVERY_BOUNDARY` also those that leave the same behind as the one
 * before: before a write, between a write and its fdatasync, around commands that only look.
 */
import childProcess from 'node:child_process'
import { appendFileSync, writeSync } from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const { NSNET_KILL_AT, NSNET_BOUNDARIES, NSNET_EVERY_BOUNDARY } = process.env

let count = 0
function boundary(what, half = () => undefined) {
  count += 1
  if (NSNET_BOUNDARIES) appendFileSync(NSNET_BOUNDARIES, `${what}\n`)
  if (count !== Number(NSNET_KILL_AT)) return
  half()
  process.kill(process.pid, 'SIGKILL')
}

function sameAgain(what) {
  if (NSNET_EVERY_BOUNDARY) boundary(what)
}

const { open } = files
files.open = async (path, ...how) => {
  const file = await open(path, ...how)
  return String(path).endsWith('.jsonl') ? watched(file) : file
}

function watched(file) {
  const { appendFile, datasync } = file
  file.appendFile = async (text) => {
    const what = nameOf(text)
    sameAgain(`before ${what} is written`)
    boundary(`${what} is half written`, () => writeSync(file.fd, text.slice(0, text.length / 2)))
    await appendFile.call(file, text)
    boundary(`${what} is written`)
  }
  file.datasync = async () => {
    await datasync.call(file)
    sameAgain('the journal is on disk')
  }
  return file
}

function nameOf(text) {
  const [first, ...rest] = text.trim().split('\n')
  return [first, ...rest.slice(-1)].map(eventIn).join(' to ')
}

function eventIn(line) {
  const { type, step = '' } = JSON.parse(line).event
  return `${type} ${step}`.trim()
}

const { spawn } = childProcess
childProcess.spawn = (program, args, ...options) => {
  const line = args.join(' ').replace(/^--pdeathsig KILL -- /, '')
  const tell = changes.test(line) ? boundary : sameAgain
  sameAgain(`before ${line}`)
  const child = spawn(program, args, ...options)
  tell(`inside ${line}`)
  child.prependListener('exit', () => tell(`after ${line}`))
  return child
}

const changes = /^ip .*\b(add|set|delete|replace|del)\b|^(ip netns exec \S+ )?(ip6?tables\S* -w|sysctl .*-w|nft -f)/

syncBuiltinESMExports()
