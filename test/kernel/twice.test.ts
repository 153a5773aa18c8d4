import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { ranOne, workspace } from '../support/runs.ts'
import { sandboxed } from '../support/sandbox.ts'

const { dir, fileOf } = workspace()

const shipped = readdirSync('workflows').filter((name) => name.endsWith('.json') && name !== 'workflow.schema.json')

/** Copies the shipped workflows, each with another description where they are to be another work. */
function copied(to: string, another: boolean): string {
  const copy = join(dir, to)
  cpSync('workflows', copy, { recursive: true })
  for (const name of another ? shipped : []) {
    const workflow = JSON.parse(readFileSync(join(copy, name), 'utf8')) as object
    writeFileSync(join(copy, name), JSON.stringify({ ...workflow, description: 'another one' }))
  }
  return copy
}

const [same, other] = [copied('same', false), copied('other', true)]

test.each(shipped)(
  'what %s made goes with its first run, unless another work that found it in place relies on it',
  async (name) => {
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    const ranTwice = async (second: string): Promise<readonly [string, string]> => [
      await ranOne(world, join('workflows', name)),
      await ranOne(world, join(second, name)),
    ]
    const well = async (...words: readonly string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await world.nsnet(...words)
      expect({ words, exitCode, stderr, stdout }).toMatchObject({ exitCode: 0 })
      return `${stderr}${stdout}`
    }
    const [first, again] = await ranTwice(same)
    expect(await well('undo', first)).not.toMatch(/ kept /)
    expect(await fingerprint(world.exec)).toEqual(before)
    await well('undo', again)

    const [one, two] = await ranTwice(other)
    const told = await well('undo', one)
    expect(told).not.toMatch(/ undone {2}/)
    expect(told).toContain(`  what is kept for others goes when they are undone: nsnet undo ${two}\n`)
    await well('verify', two)
    await well('undo', two)
    expect(await fingerprint(world.exec)).toEqual(before)
  },
)

test('a run that found all in place does not stand for it, also when it is gone', async () => {
  const world = await sandboxed()
  const file = fileOf('room', { id: 'blue', uses: 'netns', with: { netns: 'blue' } })
  const [first, again] = [await ranOne(world, file), await ranOne(world, file)]
  const listed = async () => (await world.nsnet('list')).stdout
  expect(await listed()).toMatch(new RegExp(`^${first}  room +completed  `, 'm'))
  expect(await world.nsnet('undo', first)).toMatchObject({ exitCode: 0 })
  expect(await listed()).toMatch(new RegExp(`^${again}  room +completed, made nothing  `, 'm'))
  expect((await world.nsnet('show', again)).stdout).toContain(`run ${again} of room: completed, made nothing\n`)
})
