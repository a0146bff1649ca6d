// The page of this plugin. It needs no build: the portal's import map names react and @portico/web.
import { createElement as h, useState } from 'react';
import {
  Button, Card, defineMessages, definePlugin, LoadingNote, PageHeading, ProblemNote, useApiQuery, useText,
} from '@portico/web';

const messages = defineMessages(
  { title: 'Hello cpp', lead: 'A page of your own.', name: 'Name', greet: 'Greet' },
  { title: 'Hello cpp', lead: 'あなたのページです。', name: 'お名前', greet: '挨拶する' },
);

function Hello() {
  const text = useText(messages);
  const [name, setName] = useState('Ada');
  const answer = useApiQuery({ key: ['hello-cpp', name], path: `/api/hello-cpp/${encodeURIComponent(name)}` });
  const ask = (event) => {
    event.preventDefault();
    setName(new FormData(event.target).get('name') || 'Ada');
  };
  return h('div', null,
    h(PageHeading, { title: text('title'), lead: text('lead') }),
    h(Card, null,
      h('form', { onSubmit: ask },
        h('label', null, text('name'), ' ', h('input', { name: 'name', className: 'input', defaultValue: name })),
        ' ',
        h(Button, { type: 'submit' }, text('greet'))),
      h(LoadingNote, { loading: answer.isPending }),
      answer.isError && h(ProblemNote, { problem: answer.error, onRetry: () => void answer.refetch() }),
      answer.data && h('p', { role: 'status' }, answer.data.data.message)));
}

export default definePlugin({ id: 'hello-cpp', routes: { '/hello-cpp': Hello }, translations: messages });
