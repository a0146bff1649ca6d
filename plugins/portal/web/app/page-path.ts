// One spelling of a page's path: hosts and plugins may write `{id}` or `:id`, the router wants `$id`.
export const routerPath = (path: string): string => path.replace(/:(\w+)|\{(\w+)\}/g, '$$$1$2');
