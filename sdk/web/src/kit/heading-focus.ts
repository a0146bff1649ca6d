// After a change of page the focus goes to the new page's heading, once, when that heading appears.
let wanted = false;

export function requestHeadingFocus(): void {
  wanted = true;
}

export function takeHeadingFocus(): boolean {
  const take = wanted;
  wanted = false;
  return take;
}
