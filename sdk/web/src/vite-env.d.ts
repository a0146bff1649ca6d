// Files that Vite takes as assets.
declare module '*.css';
