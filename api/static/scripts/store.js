// Holds the state, passes events to the reducer and calls the watchers once per animation frame, however many events there were.

/** `dispatch(event)` changes the state at once; `watch(fn)` calls fn(state, before) with the next frame. */
export class Store {
  #state;
  #drawn;
  #reduce;
  #watchers = [];
  #frame = 0;

  constructor(reduce, state) {
    this.#reduce = reduce;
    this.#state = state;
    this.#drawn = state;
  }

  get state() {
    return this.#state;
  }

  dispatch(event) {
    this.#state = this.#reduce(this.#state, event);
    if (!this.#frame) this.#frame = nextFrame(() => this.#notify());
  }

  watch(watcher) {
    this.#watchers.push(watcher);
  }

  #notify() {
    this.#frame = 0;
    const before = this.#drawn;
    this.#drawn = this.#state;
    for (const watcher of this.#watchers) watcher(this.#state, before);
  }
}

/** A hidden tab has no frames: its title and announcements are updated by a timer. */
export function nextFrame(draw) {
  return document.hidden ? setTimeout(draw, 250) : requestAnimationFrame(draw);
}
