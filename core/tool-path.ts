/** Where programs are looked for: the PATH that nsnet was given, then where those are that ordinary users have not on it. */
export const toolPath = (): string => `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`
