import { expect, test } from 'vitest'
import { workspace } from '../support/runs.ts'
import { sandboxed } from '../support/sandbox.ts'

const { fileOf } = workspace()

const file = fileOf(
  'waits',
  { id: 'blue', uses: 'netns', with: { netns: 'blue' } },
  { id: 'works', uses: 'check', with: { tcp: '127.0.0.1:9', within: 60, every: 0.1 } },
)

/** Runs a script beside which nsnet works in several processes. */
async function sh(script: string): Promise<string> {
  const { exec } = await sandboxed()
  const head = `export NSNET_STATE_DIR=/run/nsnet/own/state; cd ${process.cwd()}
    nsnet() { exec ${process.execPath} dist/nsnet.js "$@"; }
    until_in() { for i in $(seq 1000); do grep -qs "$1" $2 && return; sleep 0.02; done; echo "no $1 in $2"; cat $2; }
    ip link set lo up`
  return (await exec({ argv: ['bash', '-c', `${head}\n${script}`], timeoutMs: 60_000 })).stdout
}

const JOURNALS = '/run/nsnet/own/state/runs/*.jsonl'

test('log -f follows a run of another process, its kill, and its resume by a third one, and ends with it', async () => {
  const out = await sh(`
    (nsnet run ${file}) >/dev/null 2>&1 & first=$!
    until_in StepApplied "${JOURNALS}"
    (nsnet log -f) >/run/log & follower=$!
    until_in 'step applied' /run/log
    kill -STOP $follower; kill -9 $first
    (nsnet resume) >/dev/null 2>&1 & second=$!
    until_in RunResumed "${JOURNALS}"
    kill -CONT $follower
    until_in 'run resumed' /run/log
    ${process.execPath} -e 'require("node:net").createServer().listen(9)' & server=$!
    wait $follower; echo "follower $?"; wait $second; echo "resume $?"; kill $server
    awk '{ print $1, $4, $5 }' /run/log`)
  expect(out.split('\n')).toEqual([
    'follower 0',
    'resume 0',
    '1 run started',
    '2 step planned',
    '3 step applied',
    '4 run resumed',
    '5 step satisfied',
    '',
  ])
})

test('log -f follows also a resume that waited for the run to stop, and ends at once for a run that is over', async () => {
  const out = await sh(`
    (nsnet run ${file}) >/dev/null 2>&1 & first=$!
    until_in StepApplied "${JOURNALS}"
    (nsnet log -f) >/run/log & follower=$!
    (nsnet resume --wait) >/dev/null 2>&1 & second=$!
    for i in $(seq 500); do ps -e -o args= | grep -q '^flock --conflict' && break; sleep 0.02; done
    kill -INT $first
    until_in 'run resumed' /run/log
    kill -INT $second
    wait $follower; echo "follower $?"
    timeout 5 bash -c '${process.execPath} dist/nsnet.js log -f | tail -1'`)
  expect(out).toMatch(/^follower 0\n.* run interrupted +by SIGINT\n$/)
})
