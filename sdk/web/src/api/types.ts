// The API's values by name, taken by route so that renaming a schema in the document breaks nothing here.
import type { paths } from './types.gen';

type Json<T> = T extends { content: { 'application/json': infer Body } } ? Body : never;
type Body<T> = T extends { requestBody?: infer B } ? Json<NonNullable<B>> : never;

export type Me = Json<paths['/api/me']['get']['responses'][200]>;
export type Address = Me['address'];
export type ProfileChange = Body<paths['/api/me']['patch']>;
export type SignUp = Body<paths['/api/auth/signup']['post']>;
export type InvoicePage = Json<paths['/api/invoices']['get']['responses'][200]>;
export type InvoiceSummary = InvoicePage['items'][number];
export type InvoiceStatus = InvoiceSummary['status'];
export type Money = InvoiceSummary['total'];
export type Invoice = Json<paths['/api/invoices/{id}']['get']['responses'][200]>;
export type PaymentLink = Json<paths['/api/invoices/{id}/sso-link']['post']['responses'][200]>;
export type Pages = Json<paths['/api/pages']['get']['responses'][200]>;
export type PageEntry = Pages['pages'][number];
export type NavigationEntry = Pages['navigation'][number];
