import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Section } from './figures.ts'
import { journal } from './groups/journal.ts'
import { long } from './groups/long.ts'
import { many } from './groups/many.ts'
import { one } from './groups/one.ts'
import { runs } from './groups/runs.ts'
import { start } from './groups/start.ts'
import { growth } from './growth.ts'
import type { Group, GroupName, Setting } from './setting.ts'
import { makeWorld } from './world.ts'

const groups: { readonly [name in GroupName]: Group } = { one, start, journal, many, long, runs }

/** The first process in the namespaces: measures what it is asked for, and leaves the results in a file. */
const { only, ...extent } = JSON.parse(process.argv[2]!) as Setting & { readonly only: readonly GroupName[] }

makeWorld()
const setting: Setting = { ...extent, say: (line) => void process.stderr.write(`bench: ${line}\n`) }
const sections: Section[] = []
for (const name of only) {
  setting.say(name)
  sections.push(...(await groups[name](setting)))
  const all = [...sections, ...growth(sections, setting.sizes)]
  writeFileSync(join(setting.dir, 'results.json'), JSON.stringify(all))
}
