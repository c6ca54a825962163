// The base class of the page's elements: it builds its skeleton once, and is drawn again only when one of its inputs has changed.

export class PageElement extends HTMLElement {
  #drawn = null;

  /** Elements inside this one that are updated with it; set by `build`. */
  parts = [];

  /** The parts of the state that this element shows, as a list. While they are the same objects nothing is drawn. */
  inputs(state) {
    return [state];
  }

  /** Makes the skeleton, before the first `draw`. */
  build() {}

  /** Makes what is shown match the inputs. Idempotent. */
  draw() {}

  update(state) {
    const inputs = this.inputs(state);
    if (this.#drawn === null) this.build();
    if (this.#drawn === null || inputs.some((input, place) => input !== this.#drawn[place])) {
      this.#drawn = inputs;
      this.draw(...inputs);
    }
    for (const part of this.parts) part.update(state);
  }
}
