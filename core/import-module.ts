/** Imports a module that lies anywhere. A file of its own, for `import()` needs a file that Node has loaded itself. @see cli/load.ts */
export const importModule = (url: string): Promise<unknown> => import(url)
