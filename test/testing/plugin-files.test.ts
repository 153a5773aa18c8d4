import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { conforms } from '../../testing/conforms.ts'
import { hasPython, programs } from '../support/foreign.ts'

const { dir, programOf } = programs()
const example = { input: { link: 'enp1s0', mtu: 1400 } }
const inNetns = {
  input: { netns: 'blue', link: 'v0', mtu: 1300 },
  before: ['ip netns add blue', 'ip -n blue link add v0 type veth'],
}

const twin = resolve('test/testing/wrong/twin.mjs')
const addresses = { input: { link: 'enp1s0', both: ['10.7.0.1/32', '10.7.0.2/32'] } }

test('a module is given by its path', async () => {
  await conforms(pathToFileURL(twin), [addresses])
})

test('of a module with several step types one is named', async () => {
  const text = `import twin from '${twin}'\nexport default [{ ...twin, type: 'one' }, { ...twin, type: 'two', plan: () => [] }]`
  const file = programOf('both.mjs', text, 0o644)
  await conforms(file, [addresses], { type: 'one' })
  await expect(conforms(file, [addresses], { type: 'two' })).rejects.toMatchObject({ rule: 'shape', type: 'two' })
  await expect(conforms(file, [addresses])).rejects.toThrow(
    /"type" to be one of the step types of \/.*both\.mjs \("one", "two"\), got none: .*\{ type: "one" \}/,
  )
  await expect(conforms(file, [addresses], { type: 'three' })).rejects.toThrow(/\("one", "two"\), got "three"/)
})

test('a file that is no plugin is refused', async () => {
  await expect(conforms(`${dir}/absent.py`, [example])).rejects.toMatchObject({ code: 'PLUGIN_INVALID' })
})

describe.skipIf(!hasPython)('a program in another language', () => {
  const mtu = readFileSync('docs/examples/mtu.py', 'utf8')

  test('keeps the contract', async () => {
    await conforms('docs/examples/mtu.py', [example, inNetns])
  })

  test.each([
    {
      rule: 'outcome',
      from: 'return {"mtu": input["mtu"]}',
      to: 'return {"mtu": input["mtu"] + 1}',
      says: /planned on it, the commands:[^]*ip link set dev enp1s0 mtu 1400/,
    },
    {
      rule: 'changes',
      from: '"to": str(input["mtu"])',
      to: '"to": str(observed["mtu"])',
      says: /enp1s0 mtu: 1500 → 1500/,
    },
    {
      rule: 'undo-ends',
      from: '"undo": [set_mtu(input, observed["mtu"])]',
      to: '"undo": [set_mtu(input, 1490)]',
      says: /left to run:[^]*ip link set dev enp1s0 mtu 1490/,
    },
    {
      rule: 'pure',
      from: 'return {"mtu": next(',
      to: 'import os\n    return {"pid": os.getpid(), "mtu": next(',
      says: /"observe", called twice with the same arguments[^]*\/pid/,
    },
  ])('breaks the rule $rule', async ({ rule, from, to, says }) => {
    expect(mtu).toContain(from)
    const file = programOf(`${rule}.py`, mtu.replace(from, to))
    const broken = conforms(file, [example])
    await expect(broken).rejects.toMatchObject({ rule, type: 'mtu' })
    await expect(broken).rejects.toThrow(says)
  })
})
