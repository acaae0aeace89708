// Short messages that something worked. Failures are not toasts: they stay where they happened.
const SHOWN_MS = 5000;

class Toasts {
  items = $state<{ id: number; text: string; href?: string }[]>([]);
  #next = 1;

  show(text: string, href?: string) {
    const id = this.#next++;
    this.items.push({ id, text, href });
    setTimeout(() => this.dismiss(id), SHOWN_MS);
  }

  dismiss(id: number) {
    this.items = this.items.filter((item) => item.id !== id);
  }
}

export const toasts = new Toasts();
