/** Files that are built into the executable as text. */
declare module "*.service" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: that is how the bundler gives them
  export default text;
}
declare module "*.timer" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: likewise
  export default text;
}
declare module "*.conf" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: likewise
  export default text;
}
declare module "*.example" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: likewise
  export default text;
}
