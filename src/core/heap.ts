/** A binary heap: the item with the smallest key first. Keys must not change while an item is inside. */
export interface Heap<T> {
  readonly size: number
  push(item: T): void
  peek(): T | undefined
  pop(): T | undefined
}

export function createHeap<T>(key: (item: T) => number): Heap<T> {
  const items: T[] = []
  const keyAt = (at: number) => key(items[at] as T)
  const swap = (a: number, b: number) => {
    const kept = items[a] as T
    items[a] = items[b] as T
    items[b] = kept
  }
  return {
    get size() {
      return items.length
    },
    peek: () => items[0],
    push: (item) => {
      items.push(item)
      let at = items.length - 1
      while (at > 0) {
        const parent = (at - 1) >> 1
        if (keyAt(parent) <= keyAt(at)) break
        swap(parent, at)
        at = parent
      }
    },
    pop: () => {
      const first = items[0]
      const last = items.pop()
      if (items.length === 0 || last === undefined) return first
      items[0] = last
      let at = 0
      for (;;) {
        const left = 2 * at + 1
        const right = left + 1
        let least = at
        if (left < items.length && keyAt(left) < keyAt(least)) least = left
        if (right < items.length && keyAt(right) < keyAt(least)) least = right
        if (least === at) return first
        swap(at, least)
        at = least
      }
    },
  }
}
