export { openStore, parseStoreUrl, type OpenedStore, type StoreOptions, type StoreUrl } from "./open-store.ts";
