import { expect } from 'vitest'
import type { Sandboxed } from './sandbox.ts'

/** Puts directories without the programs in the place of those that have them, and gives what takes them away again. */
export async function without(
  { sh, exec }: Sandboxed,
  ...programs: readonly string[]
): Promise<() => Promise<unknown>> {
  const script = `
    for d in /usr/bin /usr/sbin; do
      old=/run/nsnet/own$d; new=/run/nsnet/own/without$d
      mkdir -p $old $new
      mount --bind $d $old
      ln -s $old/* $new/
      for program in ${programs.join(' ')}; do rm -f $new/$program; done
      mount --bind $new $d
    done`
  const { exitCode, stderr } = await exec({ argv: ['sh', '-ec', script] })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return () => sh('umount /usr/bin /usr/sbin')
}
