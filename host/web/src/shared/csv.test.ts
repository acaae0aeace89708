import { expect, test } from 'vitest';
import { cell, csv } from './csv';

test.each([
  ['=HYPERLINK("http://evil.example")', `"'=HYPERLINK(""http://evil.example"")"`],
  ['+41 44 123', `"'+41 44 123"`],
  ['-2+3', `"'-2+3"`],
  ['@SUM(A1)', `"'@SUM(A1)"`],
  ['\tcmd', `"'\tcmd"`],
  ['-12.5', '-12.5'],
  ['a, b', '"a, b"'],
  ['two\nlines', '"two\nlines"'],
  [null, ''],
  [{ a: 1 }, '"{""a"":1}"'],
  [17, '17'],
])('%j becomes %s', (value, expected) => expect(cell(value)).toBe(expected));

test('a file has a head and ends with a line', () => {
  expect(csv(['number', 'title'], [['INC1', 'Printer']])).toBe('number,title\r\nINC1,Printer\r\n');
});
