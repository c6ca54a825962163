// What every element of the page is made of: it names what it needs of the state, makes its skeleton once, and is
// drawn again only when one of the things that it needs has become another.

export class PageElement extends HTMLElement {
  #drawn = null;

  /** What of the state this element shows, as a list. The same objects mean that nothing has to be drawn. */
  inputs(state) {
    return [state];
  }

  /** Makes the skeleton, before the first `draw`. */
  build() {}

  /** Brings what is shown into line with the inputs. Drawing twice the same changes nothing. */
  draw() {}

  update(state) {
    const inputs = this.inputs(state);
    const before = this.#drawn;
    if (before === null) this.build();
    else if (inputs.every((input, place) => input === before[place])) return;
    this.#drawn = inputs;
    this.draw(...inputs);
  }
}
