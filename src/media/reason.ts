/** A foreign error in one word (`ECONNREFUSED`, `UND_ERR_SOCKET`, `TimeoutError`): its message may hold what must not be logged. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'thrown value'
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : error.name
}
