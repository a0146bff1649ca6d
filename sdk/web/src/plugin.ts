// What a plugin's module exports to the shell.
import type { ComponentType } from 'react';
import type { MessageSet } from './i18n/messages';

export interface CardProps {
  /** Tells the dashboard whether the card has anything to show; empty dashboards offer first steps. */
  onEmpty: (empty: boolean) => void;
}

export interface PluginWeb {
  /** The plugin's id, as in its manifest. */
  id: string;
  /** Page components by the path under which the plugin registered them, e.g. `/billing/invoices/:id`. */
  routes: Readonly<Record<string, ComponentType>>;
  translations: MessageSet;
  /** Dashboard cards by the id under which the plugin registered them. */
  cards?: Readonly<Record<string, ComponentType<CardProps>>>;
}

export const definePlugin = (plugin: PluginWeb): PluginWeb => plugin;
