-- One round; the shell is given this text several times. Every statement is compiled anew and most sort, group, or make text.
drop table if exists person;
drop table if exists town;
create table person(id integer primary key, name text, town integer, note text);
create table town(id integer primary key, name text);
create index person_town on person(town);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 6000)
insert into person select i, printf('person %d', i * 7919 % 20011), i * 31 % 199, hex(i * 104729) || ' ' || quote(i) from n;
with recursive n(i) as (select 0 union all select i + 1 from n where i < 198)
insert into town select i, printf('town %d', i) from n;
select town.name, count(*), max(person.name) from person join town on town.id = person.town group by 1 order by 2 desc, 1 limit 20;
select count(*) from person a join person b on a.name = b.name where a.id < b.id + 1000;
update person set name = upper(name), note = replace(note, '1', 'one') where id % 3 = 0;
select substr(name, 1, 4), length(group_concat(note, ';')) from person group by town order by 2 limit 10;
select count(distinct lower(name) || trim(note)) from person;
delete from person where id % 5 = 0;
select count(*), sum(length(name)) from (select * from person order by name, id limit 1000);
select json_group_array(json_object('name', name, 'town', town)) from (select * from person limit 1000);
select group_concat(json_extract(value, '$.name'))
from json_each((select json_group_array(json_object('name', name)) from person limit 500));
