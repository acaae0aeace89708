// The SDK asks for a function that Node has had since version 22; loaded first, this is all it misses on version 20.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new this((accept, refuse) => {
    resolve = accept;
    reject = refuse;
  });
  return { promise, resolve, reject };
};
