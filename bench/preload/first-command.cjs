/**
 * Loaded into nsnet by `node --require`: at the first command that would change the kernel, notes the time (CLOCK_MONOTONIC,
 * in nanoseconds) in `/run/first` and ends nsnet with SIGKILL, before anything is changed. A command that is told by its
 * stdin what to do, as `ip -batch -` is, counts when that text changes something.
 */
const childProcess = require('node:child_process')
const { writeFileSync } = require('node:fs')
const { syncBuiltinESMExports } = require('node:module')

const words = /^ip .*\b(add|set|delete|del|replace|change|append)\b/
const others = /^(ip netns exec \S+ )?(ip6?tables\S* -w|ip6?tables\S*-restore|sysctl .*-w|nft -f)/
const told = /^\s*(link|address|addr|route|rule|netns|neigh)\b.*\b(add|set|delete|del|replace|change|append)\b/m

const { spawn } = childProcess
childProcess.spawn = (program, args, ...options) => {
  const line = [program, ...args].join(' ').replace(/^setpriv --pdeathsig KILL -- /, '')
  if (words.test(line) || others.test(line)) stop(line)
  const child = spawn(program, args, ...options)
  if (child.stdin) for (const way of ['write', 'end']) watch(child.stdin, way)
  return child
}

function watch(stdin, way) {
  const pass = stdin[way].bind(stdin)
  stdin[way] = (text, ...more) => {
    if (typeof text !== 'function' && told.test(String(text ?? ''))) stop(String(text).split('\n')[0])
    return pass(text, ...more)
  }
}

function stop(line) {
  writeFileSync('/run/first', `${process.hrtime.bigint()} ${line}`)
  process.kill(process.pid, 'SIGKILL')
}

syncBuiltinESMExports()
