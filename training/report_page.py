"""The page that a report is poured into."""

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{title}}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; color: #1d2b26;
         margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
  h1 { font-size: 1.6rem } h2 { margin-top: 2.5rem; font-size: 1.2rem }
  .figures { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.5rem 0 }
  .figure { flex: 1 1 9rem; background: #f0f5f2; border-radius: .5rem; padding: 1rem;
            font-size: .85rem }
  .figure b { display: block; font-size: 1.7rem; color: #0b6e4f }
  .note { background: #fdf3e3; border-left: .3rem solid #d98e04; padding: .6rem 1rem }
  .small { font-size: .85rem; color: #54655e }
  table { border-collapse: collapse; width: 100%; font-size: .8rem;
          font-variant-numeric: tabular-nums }
  th, td { border-bottom: 1px solid #d8e2dd; padding: .35rem .5rem; text-align: left;
           vertical-align: top }
  img { max-width: 100% }
  pre { background: #f0f5f2; padding: 1rem; overflow-x: auto; font-size: .8rem }
</style>
<h1>{{title}}</h1>
{{body}}
</html>
"""
