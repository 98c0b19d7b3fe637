create table person(id integer primary key, name text, town integer);
create table town(id integer primary key, name text);
create index person_town on person(town);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
insert into person select i, printf('person %d', i * 7919 % 20011), i * 31 % 199 from n;
with recursive n(i) as (select 0 union all select i + 1 from n where i < 198)
insert into town select i, printf('town %d', i) from n;
select town.name, count(*), max(person.name) from person join town on town.id = person.town group by 1 order by 2 desc, 1 limit 20;
select count(*) from person a join person b on a.name = b.name where a.id < b.id + 1000;
update person set name = upper(name) where id % 3 = 0;
delete from person where id % 5 = 0;
select count(*), sum(length(name)), group_concat(town, '') from (select * from person order by name, id limit 1000);
select count(*) from (select a.id from town a, town b, town c where a.id * b.id = c.id);
select no_such_column from person;
