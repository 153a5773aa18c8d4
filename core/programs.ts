import programs from './programs.json' with { type: 'json' }

/** The programs that nsnet cannot do without; `scripts/setup.mjs` installs them from the same list. */
export const neededPrograms: readonly string[] = Object.keys(programs.needed)

/** The package managers that the list of programs knows packages of. */
export type Manager = keyof typeof programs.managers

/** Their names, the first the one that advice gives as its example. */
export const managers = Object.keys(programs.managers) as readonly Manager[]

/** Names the package that brings a program; undefined for programs that nsnet does not know. */
export function packageOf(program: string, manager: Manager): string | undefined {
  const known: { readonly [name: string]: readonly string[] } = { ...programs.others, ...programs.needed }
  // iptables-nft, ip6tables-legacy-save and the like
  const name = program.replace(/^(ip6?tables)-.*$/, '$1')
  return Object.hasOwn(known, name) ? known[name]![managers.indexOf(manager)] : undefined
}

/** What installs a package. */
export const installing = (manager: Manager, name: string): string => `${programs.managers[manager]} ${name}`
