// Named exports only.
export {};
